import { expect, test } from "vitest";
import { peakFlopsOf, widthOn } from "./accelerator.ts";
import { accelerator, CATALOGUE, findAccelerator } from "./catalogue.ts";
import { parseCluster } from "./cluster.ts";

test("clusters are read with their links", () => {
  const plain = parseCluster("h100:16384");
  expect(plain).toMatchObject({
    numDevices: 16384,
    domainSize: 8,
    networkBandwidth: 50e9,
    oversubscription: 1,
  });
  expect(parseCluster("GB200:256").domainSize).toBe(72);
  const changed = parseCluster("a100:64,network=100Gbps,oversubscription=2,domain=4");
  expect(changed).toMatchObject({ networkBandwidth: 12.5e9, oversubscription: 2, domainSize: 4 });
});

test("mistakes are named with a remedy", () => {
  expect(() => parseCluster("h100")).toThrow(/ACCELERATOR:COUNT/);
  expect(() => parseCluster("h100:0")).toThrow(/ACCELERATOR:COUNT/);
  expect(() => parseCluster("h1000:8")).toThrow(/perhaps h100/);
  expect(() => parseCluster("h100:8,domain=3.7")).toThrow(/whole number/);
  expect(() => parseCluster("h100:8,oversubscription=0.1")).toThrow(/at least 1/);
  expect(() => parseCluster("h100:8,speed=3")).toThrow(/one of network, domain, oversubscription/);
});

test("spellings of tables lead to the same chip", () => {
  expect(findAccelerator("H100-80GB")?.name).toBe("h100");
  expect(findAccelerator("A100-40GB")?.name).toBe("a100-40");
  expect(findAccelerator("A100-80GB")?.name).toBe("a100");
  expect(findAccelerator("B200 (HGX)")?.name).toBe("b200");
  expect(findAccelerator("H100 96GB HBM2e (500 W)")?.name).toBe("h100-500w");
  expect(findAccelerator("H1000")).toBeNull();
  for (const small of ["A100-SXM-40GB", "a100 40gb", "nvidia a100_sxm4_40gb"])
    expect(findAccelerator(small)?.name, small).toBe("a100-40");
  expect(findAccelerator("b200-192gb")?.name).toBe("b200");
  expect(findAccelerator("gb200-nvl72")?.name).toBe("gb200");
});

test("a chip that only shares the name is not taken for the module", () => {
  expect(() => accelerator("h100-pcie")).toThrow(/2\.0 TB\/s.*two cards only/);
  expect(() => accelerator("NVIDIA H100 NVL")).toThrow(/94 GB/);
  expect(() => accelerator("a100-pcie-40gb")).toThrow(/A100 PCIe/);
  expect(() => parseCluster("h200-nvl:8")).toThrow(/H200 NVL.*/);
  expect(findAccelerator("h100-64gb")).toBeNull();
  const [h100, h800] = [accelerator("h100"), accelerator("h800")];
  expect(h800).toMatchObject({ label: "H800-80GB", domainBandwidth: 200e9, peakFlops: h100.peakFlops });
});

test("links of TPUs: all of a chip's together, one direction, half of Google's bidirectional figure", () => {
  const links = ["v4", "v5e", "v5p", "v6e"].map((name) => accelerator(name).domainBandwidth / 1e9);
  expect(links).toEqual([300, 200, 600, 400]);
});

test("a narrower format is at least as fast, and a missing one runs at the next wider", () => {
  for (const device of CATALOGUE) {
    const rates = (["fp32", "bf16", "fp8", "nvfp4"] as const).map((precision) =>
      peakFlopsOf(device, precision),
    );
    expect(
      [...rates].sort((a, b) => a - b),
      device.name,
    ).toEqual(rates);
    expect(device.source.length, device.name).toBeGreaterThan(20);
  }
  expect(widthOn(accelerator("h100"), "nvfp4")).toBe("fp8");
  expect(widthOn(accelerator("a100"), "mxfp8")).toBe("bf16");
});
