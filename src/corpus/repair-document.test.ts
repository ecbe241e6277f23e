import { expect, test } from "vitest";
import { Tally } from "./notes.ts";
import { repairDocument } from "./repair-document.ts";

function clean(input: string) {
  const tally = new Tally();
  const text = repairDocument(Buffer.from(input), "a.txt", tally).toString("utf8");
  return { text, repairs: Object.fromEntries(tally.notes.map(({ what, bytes }) => [what, bytes])) };
}

test("UTF-8 passes as it is, but for outer white space", () => {
  expect(clean(" \n\tnaïve – “text”\n  kept \n\n")).toEqual({ text: "naïve – “text”\n  kept", repairs: {} });
});

test("a byte order mark goes", () => {
  expect(clean("\ufeffhello")).toEqual({ text: "hello", repairs: { "byte order mark removed": 0 } });
});

test("carriage returns become line feeds and are counted", () => {
  expect(clean("one\r\ntwo\rthree\r\r\nfour")).toEqual({
    text: "one\ntwo\nthree\n\nfour",
    repairs: { "carriage returns made line ends": 4 },
  });
});

test("an empty document stays empty", () => {
  expect(clean(" \r\n\t ").text).toBe("");
});

const [HEADER, FOOTER] = ["Project Gutenberg's header cut", "Project Gutenberg's footer cut"];

test("Project Gutenberg's header and footer go, however long the book", () => {
  for (const body of ["Call me Ishmael.", `${"Some years ago. ".repeat(20_000)}end`]) {
    const header =
      "The Project Gutenberg eBook of X\n\nlicence\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n";
    const footer = `*** END OF THE PROJECT GUTENBERG EBOOK X ***\n${"licence ".repeat(2000)}`;
    expect(clean(`${header}\n${body}\n\n${footer}`)).toEqual({
      text: body,
      repairs: { [HEADER]: header.length, [FOOTER]: footer.length },
    });
  }
});

test("old books: small print in front, or at the end", () => {
  const smallPrint = "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n";
  expect(clean(`legal words\n${smallPrint}\nThe story.\n`)).toEqual({
    text: "The story.",
    repairs: { [HEADER]: "legal words\n".length + smallPrint.length },
  });
  expect(clean(`The story.\n\nEnd of Project Gutenberg's X\n\nlegal words\n${smallPrint}`)).toEqual({
    text: "The story.",
    repairs: { [FOOTER]: "End of Project Gutenberg's X\n\nlegal words\n".length + smallPrint.length },
  });
});

test("talk about Project Gutenberg is not a marker", () => {
  const text = "I read it on Project Gutenberg.\nAt the End of Project Gutenberg lies a start.";
  expect(clean(text)).toEqual({ text, repairs: {} });
});
