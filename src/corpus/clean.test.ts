import { expect, test } from "vitest";
import { cleanDocument, noRepairs } from "./clean.ts";

function clean(input: Buffer | string) {
  const repairs = noRepairs();
  const text = cleanDocument(Buffer.from(input as string), repairs);
  const counted = Object.fromEntries(Object.entries(repairs).filter(([, count]) => count > 0));
  return { text: text?.toString("utf8") ?? null, repairs: counted };
}

test("UTF-8 passes as it is, but for outer white space", () => {
  expect(clean(" \n\tnaïve – “text”\n  kept \n\n")).toEqual({ text: "naïve – “text”\n  kept", repairs: {} });
});

test("what is not UTF-8 is read as Windows-1252", () => {
  const bytes = Buffer.from([0x93, 0x63, 0x61, 0x66, 0xe9, 0x94, 0x20, 0x80, 0x85]);
  expect(clean(bytes)).toEqual({ text: "“café” €…", repairs: { windows1252Documents: 1 } });
});

test("byte order marks", () => {
  expect(clean("\ufeffhello")).toEqual({ text: "hello", repairs: { byteOrderMarks: 1 } });
  const littleEndian = Buffer.from("\ufeffnaïve", "utf16le");
  const expected = { text: "naïve", repairs: { byteOrderMarks: 1, utf16Documents: 1 } };
  expect(clean(littleEndian)).toEqual(expected);
  expect(clean(Buffer.from(littleEndian).swap16())).toEqual(expected);
});

test("carriage returns become line feeds and are counted", () => {
  expect(clean("one\r\ntwo\rthree\r\r\nfour")).toEqual({
    text: "one\ntwo\nthree\n\nfour",
    repairs: { carriageReturns: 4 },
  });
});

test("a document with a zero byte is not text, and an empty one stays empty", () => {
  expect(clean("a\0b").text).toBeNull();
  expect(clean(" \r\n\t ").text).toBe("");
});

test("Project Gutenberg's header and footer go, however long the book", () => {
  for (const body of ["Call me Ishmael.", `${"Some years ago. ".repeat(20_000)}end`]) {
    const book =
      "The Project Gutenberg eBook of X\n\nlicence\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\n" +
      `${body}\n\n*** END OF THE PROJECT GUTENBERG EBOOK X ***\n${"licence ".repeat(2000)}`;
    expect(clean(book)).toEqual({ text: body, repairs: { gutenbergHeaders: 1, gutenbergFooters: 1 } });
  }
});

test("old books: small print in front, or at the end", () => {
  const smallPrint = "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n";
  expect(clean(`legal words\n${smallPrint}\nThe story.\n`)).toEqual({
    text: "The story.",
    repairs: { gutenbergHeaders: 1 },
  });
  expect(clean(`The story.\n\nEnd of Project Gutenberg's X\n\nlegal words\n${smallPrint}`)).toEqual({
    text: "The story.",
    repairs: { gutenbergFooters: 1 },
  });
});

test("talk about Project Gutenberg is not a marker", () => {
  const text = "I read it on Project Gutenberg.\nAt the End of Project Gutenberg lies a start.";
  expect(clean(text)).toEqual({ text, repairs: {} });
});
