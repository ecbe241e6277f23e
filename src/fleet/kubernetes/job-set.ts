/** @file A run as a JobSet of Kubernetes: a supervisor, workers and spares, in YAML for people to read. */

/** What is asked of Kubernetes. */
export type JobSetRun = {
  /** Of the run. */
  readonly name: string;
  readonly numNodes: number;
  readonly ranksPerNode: number;
  readonly numSpares: number;
  /** What the supervisor runs: `longrun` and its arguments. */
  readonly command: readonly string[];
};

/** A pod's name is the JobSet's with up to 23 characters of ours and its own behind it, 63 in all. */
const MOST_NAME = 40;

/** A constant text but for whole numbers, a name of letters, digits and dashes, and words in quotes. */
export function jobSetManifest({ name, numNodes, ranksPerNode, numSpares, command }: JobSetRun): string {
  const id = `longrun-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`
    .slice(0, MOST_NAME)
    .replace(/-$/, "");
  const waiting = { ranksPerNode, jobSet: id, command: ["sleep", "infinity"] };
  return `\
# A JobSet (https://jobset.sigs.k8s.io) for a run: ${numNodes} node${numNodes === 1 ? "" : "s"} to train on, ${numSpares} spare.
# To be read and changed, not applied as it is: longrun prints it, and does not yet train in it (docs/slurm.md).
# Words in capitals are for you to fill in.
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata:
  name: ${id}
spec:
  # The run is done when its supervisor is: the others wait for its orders.
  successPolicy:
    operator: All
    targetReplicatedJobs: [supervisor]
  # The supervisor's own end begins all anew; the run goes on from its newest checkpoint.
  failurePolicy:
    maxRestarts: 10
  # Ranks find each other by the names of their pods.
  network:
    enableDNSHostnames: true
  replicatedJobs:
    # Starts an agent in each other pod (kubectl exec -i), ranks through these, and moves them to spares. Its
    # service account LONGRUN needs the verbs get and list of pods, and create of pods/exec.
${podsOf({ name: "supervisor", count: 1, backoffLimit: 0, account: "LONGRUN", pod: { jobSet: id, command } })}
    # A pod that dies is replaced, without an end of the others: it comes back as a spare.
${podsOf({ name: "workers", count: numNodes, backoffLimit: MOST_RETRIES, pod: waiting })}
${numSpares === 0 ? "" : podsOf({ name: "spares", count: numSpares, backoffLimit: MOST_RETRIES, pod: waiting })}
`.replace(/\n+$/, "\n");
}

/** The largest that an int32 holds. */
const MOST_RETRIES = 2_147_483_647;

type Pods = {
  readonly name: string;
  readonly count: number;
  readonly backoffLimit: number;
  readonly account?: string;
  readonly pod: {
    readonly jobSet: string;
    readonly ranksPerNode?: number;
    readonly command: readonly string[];
  };
};

function podsOf({ name, count, backoffLimit, account, pod }: Pods): string {
  return `\
    - name: ${name}
      template:
        spec:
          completionMode: Indexed
          completions: ${count}
          parallelism: ${count}
          backoffLimit: ${backoffLimit}
          template:
            spec:
              restartPolicy: Never${account ? `\n              serviceAccountName: ${account}` : ""}${
                pod.ranksPerNode ? onNodesOfTheirOwn(pod.jobSet) : ""
              }
              containers:
                - name: longrun
                  image: IMAGE-WITH-LONGRUN-AND-PYTORCH
                  command: ${JSON.stringify(pod.command.map(unexpanded))}
                  workingDir: /work${pod.ranksPerNode ? gpus(pod.ranksPerNode) : ""}
                  volumeMounts: [{ name: work, mountPath: /work }]
              # The run's file and folder, on a disk that all nodes see.
              volumes: [{ name: work, persistentVolumeClaim: { claimName: CLAIM } }]`;
}

/** $(NAME) stands for a variable in what Kubernetes starts; doubled, the sign is itself. */
const unexpanded = (word: string) => word.replaceAll("$(", "$$$$(");

const onNodesOfTheirOwn = (jobSet: string) => `
              # A node each: a spare beside a worker would die with it.
              affinity:
                podAntiAffinity:
                  requiredDuringSchedulingIgnoredDuringExecution:
                    - topologyKey: kubernetes.io/hostname
                      labelSelector:
                        matchLabels: { jobset.sigs.k8s.io/jobset-name: ${jobSet} }
                        matchExpressions:
                          - key: jobset.sigs.k8s.io/replicatedjob-name
                            operator: In
                            values: [workers, spares]`;

const gpus = (ranksPerNode: number) => `
                  # One a rank; leave it out to train on CPUs.
                  resources: { limits: { nvidia.com/gpu: ${ranksPerNode} } }`;
