import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { type JobSetRun, jobSetManifest } from "./job-set.ts";

const int32 = z.int().min(0).max(2_147_483_647);
const label = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const labels = z.record(z.string(), z.string());

/** Of the pods of Kubernetes (core/v1), the fields that are used here. */
const podSpec = z.strictObject({
  restartPolicy: z.enum(["Never", "OnFailure"]),
  serviceAccountName: z.string().optional(),
  affinity: z
    .strictObject({
      podAntiAffinity: z.strictObject({
        requiredDuringSchedulingIgnoredDuringExecution: z.array(
          z.strictObject({
            topologyKey: z.string(),
            labelSelector: z.strictObject({
              matchLabels: labels,
              matchExpressions: z.array(
                z.strictObject({
                  key: z.string(),
                  operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
                  values: z.array(z.string()),
                }),
              ),
            }),
          }),
        ),
      }),
    })
    .optional(),
  containers: z.array(
    z.strictObject({
      name: label,
      image: z.string(),
      command: z.array(z.string()),
      workingDir: z.string(),
      resources: z.strictObject({ limits: z.record(z.string(), int32) }).optional(),
      volumeMounts: z.array(z.strictObject({ name: label, mountPath: z.string() })),
    }),
  ),
  volumes: z.array(
    z.strictObject({ name: label, persistentVolumeClaim: z.strictObject({ claimName: z.string() }) }),
  ),
});

/** Of its jobs (batch/v1). */
const jobSpec = z.strictObject({
  completionMode: z.enum(["NonIndexed", "Indexed"]),
  completions: int32,
  parallelism: int32,
  backoffLimit: int32,
  template: z.strictObject({ spec: podSpec }),
});

const names = z.array(z.string()).optional();

/**
 * The whole of a JobSet down to its jobs: names, types and choices of `JobSetSpec` in version v1alpha2, as
 * kubernetes-sigs/jobset declares them (api/jobset/v1alpha2/jobset_types.go, 2026).
 */
const jobSetSchema = z.strictObject({
  apiVersion: z.literal("jobset.x-k8s.io/v1alpha2"),
  kind: z.literal("JobSet"),
  metadata: z.strictObject({ name: label, labels: labels.optional(), annotations: labels.optional() }),
  spec: z.strictObject({
    replicatedJobs: z.array(
      z.strictObject({
        name: label,
        groupName: z.string().optional(),
        replicas: int32.optional(),
        template: z.strictObject({ spec: jobSpec }),
        dependsOn: z
          .array(z.strictObject({ name: z.string(), status: z.enum(["Ready", "Complete"]) }))
          .max(5)
          .optional(),
      }),
    ),
    network: z
      .strictObject({
        enableDNSHostnames: z.boolean().optional(),
        subdomain: z.string().optional(),
        publishNotReadyAddresses: z.boolean().optional(),
      })
      .optional(),
    successPolicy: z
      .strictObject({ operator: z.enum(["All", "Any"]), targetReplicatedJobs: names })
      .optional(),
    failurePolicy: z
      .strictObject({
        maxRestarts: int32.optional(),
        restartStrategy: z.enum(["Recreate", "BlockingRecreate", "InPlaceRestart"]).optional(),
        rules: z
          .array(
            z.strictObject({
              name: z.string().regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/),
              action: z.enum([
                "FailJobSet",
                "RestartJobSet",
                "RestartJobSetAndIgnoreMaxRestarts",
                "RestartJob",
                "RestartJobAndIgnoreMaxRestarts",
              ]),
              onJobFailureReasons: names,
              onJobFailureMessagePatterns: names,
              targetReplicatedJobs: names,
            }),
          )
          .optional(),
      })
      .optional(),
    suspend: z.boolean().optional(),
    coordinator: z
      .strictObject({
        replicatedJob: z.string(),
        jobIndex: z.int().optional(),
        podIndex: z.int().optional(),
      })
      .optional(),
    managedBy: z.string().max(63).optional(),
    ttlSecondsAfterFinished: int32.optional(),
  }),
});

const RUN: JobSetRun = {
  name: "first-light",
  numNodes: 4,
  ranksPerNode: 2,
  numSpares: 1,
  command: ["longrun", "run", "RUN.yaml"],
};
const read = (run: Partial<JobSetRun>) => jobSetSchema.parse(parse(jobSetManifest({ ...RUN, ...run })));

describe("a run as a JobSet", () => {
  test("has a supervisor, a pod for each node that trains and for each spare, on nodes of their own", () => {
    const { metadata, spec } = read({});
    expect(metadata.name).toBe("longrun-first-light");
    const pods = spec.replicatedJobs.map(({ name, template: { spec: job } }) => {
      const { affinity, containers } = job.template.spec;
      const [{ command, resources } = {}] = containers;
      return {
        name,
        count: job.completions,
        command,
        gpus: resources?.limits,
        isApart: affinity !== undefined,
      };
    });
    const waits = { command: ["sleep", "infinity"], gpus: { "nvidia.com/gpu": 2 }, isApart: true };
    expect(pods).toEqual([
      { name: "supervisor", count: 1, command: RUN.command, gpus: undefined, isApart: false },
      { name: "workers", count: 4, ...waits },
      { name: "spares", count: 1, ...waits },
    ]);
    expect(spec.successPolicy?.targetReplicatedJobs).toEqual(["supervisor"]);
  });

  test("has no spares where none are asked for", () => {
    expect(read({ numSpares: 0 }).spec.replicatedJobs.map(({ name }) => name)).toEqual([
      "supervisor",
      "workers",
    ]);
  });

  test("keeps arguments as they are, and makes a name that Kubernetes takes of any run's", () => {
    const command = ["longrun", 'a "b" #c\n- d: $(PATH)', "{f}", "'"];
    // Kubernetes takes $$( for $(, which would be a variable.
    const told = ["longrun", 'a "b" #c\n- d: $$(PATH)', "{f}", "'"];
    const name = `Q.${"x_".repeat(30)}`;
    const { metadata, spec } = read({ name, command });
    expect(spec.replicatedJobs[0]!.template.spec.template.spec.containers[0]!.command).toEqual(told);
    // The longest pod is NAME-supervisor-0-0-xxxxx.
    expect(`${metadata.name}-supervisor-0-0-xxxxx`.length).toBeLessThanOrEqual(63);
  });
});
