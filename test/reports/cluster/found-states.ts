const digest = `sha256:${'a3f1'.repeat(16)}`
const image = `gitea.treytartt.com/admin/honeydue-api@${digest}`
const manifest = `https://gitea.treytartt.com/v2/admin/honeydue-api/manifests/${digest}`
const pulling = `failed to pull and unpack image "${image}": failed to resolve reference "${image}"`
const runc =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process'

export const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString().replace(/\.\d+/, '')
const waiting = (reason: string, message?: string, more: object = {}) => ({
  name: 'api',
  ready: false,
  restartCount: 0,
  state: { waiting: { reason, ...(message !== undefined && { message }) } },
  ...more,
})
const runs = { name: 'api', ready: true, restartCount: 0, state: { running: { startedAt: ago(1000) } } }
const ended = (reason: string, exitCode: number, message?: string) => ({
  terminated: { reason, exitCode, finishedAt: ago(9), ...(message !== undefined && { message }) },
})
const waits = (reason: string, message?: string, more: object = {}) => ({ containerStatuses: [waiting(reason, message, more)] })
const crashes = (of: object) => waits('CrashLoopBackOff', 'back-off 5m0s restarting failed container=api pod=x', { restartCount: 9, ...of })
const unready = { type: 'Ready', status: 'False', reason: 'ContainersNotReady' }

type Warning = readonly [reason: string, message: string, secondsAgo?: number]
/** One state, and what must be said of it. */
export interface Sample {
  readonly name: string
  /** What must be said of it; undefined: nothing. */
  readonly said: RegExp | undefined
  readonly pod?: object
  readonly spec?: object
  readonly deployment?: true
  readonly claim?: object
  readonly warnings?: readonly Warning[]
}

/** States as kubelets, containerd, registries, schedulers and admission write them. */
export const samples: readonly Sample[] = [
  {
    name: 'registry-429',
    pod: waits(
      'ErrImagePull',
      `failed to pull and unpack image "docker.io/library/redis:7-alpine": failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/redis/manifests/${digest}: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit`,
    ),
    said: /is ErrImagePull: failed to pull .*toomanyrequests: You have reached your unauthenticated pull rate limit/,
  },
  {
    name: 'registry-401',
    pod: waits(
      'ImagePullBackOff',
      `Back-off pulling image "${image}": ErrImagePull: ${pulling}: failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://gitea.treytartt.com/v2/token?scope=repository%3Aadmin%2Fhoneydue-api%3Apull&service=container_registry: 401 Unauthorized`,
    ),
    said: /is ImagePullBackOff: .*: 401 Unauthorized$/,
  },
  {
    name: 'registry-tls',
    pod: waits(
      'ErrImagePull',
      `${pulling}: failed to do request: Head "${manifest}": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-29T12:00:00Z is after 2026-11-28T00:00:00Z`,
    ),
    said: /x509: certificate has expired or is not yet valid: current time .* is after 2026-11-28T00:00:00Z$/,
  },
  {
    name: 'registry-dns',
    pod: waits(
      'ErrImagePull',
      `${pulling}: failed to do request: Head "${manifest}": dial tcp: lookup gitea.treytartt.com on 127.0.0.53:53: server misbehaving`,
    ),
    said: /lookup gitea.treytartt.com on 127.0.0.53:53: server misbehaving$/,
  },
  {
    name: 'older-kubelet',
    pod: waits('ImagePullBackOff', `Back-off pulling image "${image}"`),
    warnings: [
      ['Failed', `Failed to pull image "${image}": ${pulling}: unexpected status from HEAD request to ${manifest}: 403 Forbidden`, 200],
      ['Failed', 'Error: ErrImagePull', 200],
      ['Failed', 'Error: ImagePullBackOff', 10],
      ['BackOff', `Back-off pulling image "${image}"`, 5],
    ],
    said: /is ImagePullBackOff: .*403 Forbidden$/,
  },
  {
    name: 'other-platform',
    pod: waits('ErrImagePull', `failed to pull and unpack image "${image}": no match for platform in manifest: not found`),
    said: /no match for platform in manifest: not found$/,
  },
  {
    name: 'layer-without-room',
    pod: waits(
      'ErrImagePull',
      `failed to pull and unpack image "${image}": failed to extract layer ${digest}: write /var/lib/rancher/k3s/agent/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/213/fs/usr/lib/x.so: no space left on device: unknown`,
    ),
    said: /no space left on device: unknown$/,
  },
  {
    name: 'never-started',
    pod: crashes({ lastState: ended('StartError', 128, `${runc}: exec: "/app/api": stat /app/api: no such file or directory: unknown`) }),
    warnings: [['BackOff', 'Back-off restarting failed container api in pod never-started']],
    said: /last StartError \(128\)\): .*exec: "\/app\/api": stat \/app\/api: no such file or directory: unknown$/,
  },
  {
    name: 'termination-log',
    pod: crashes({ lastState: ended('Error', 1, 'starting\ngoose: dirty database version 3\n') }),
    said: /last Error \(1\)\): goose: dirty database version 3$/,
  },
  {
    name: 'key-gone-after-restart',
    pod: waits('CreateContainerConfigError', "couldn't find key REDIS_PASSWORD in Secret honeydue/honeydue-secrets", {
      restartCount: 2,
      lastState: ended('Completed', 0, 'bye'),
    }),
    said: /is CreateContainerConfigError \(2 restarts, last Completed \(0\)\): couldn't find key REDIS_PASSWORD in Secret honeydue\/honeydue-secrets$/,
  },
  {
    name: 'runs-as-root',
    pod: waits(
      'CreateContainerConfigError',
      'container has runAsNonRoot and image will run as root (pod: "api_honeydue(1e)", container: api)',
    ),
    said: /container has runAsNonRoot and image will run as root/,
  },
  {
    name: 'missing-secret',
    pod: waits('ContainerCreating'),
    warnings: [
      ['FailedMount', 'MountVolume.SetUp failed for volume "secrets" : secret "honeydue-apns-key" not found', 30],
      [
        'FailedMount',
        'Unable to attach or mount volumes: unmounted volumes=[secrets], unattached volumes=[secrets kube-api-access-abcde tmp]: timed out waiting for the condition',
        20,
      ],
    ],
    said: /is ContainerCreating: MountVolume.SetUp failed for volume "secrets" : secret "honeydue-apns-key" not found$/,
  },
  {
    name: 'no-network',
    pod: waits('ContainerCreating'),
    warnings: [
      [
        'FailedCreatePodSandBox',
        `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${'0f'.repeat(32)}": plugin type="flannel" failed (add): failed to load flannel 'subnet.env' file: open /run/flannel/subnet.env: no such file or directory. Check the flannel pod log for this node.`,
      ],
    ],
    said: /open \/run\/flannel\/subnet.env: no such file or directory/,
  },
  {
    name: 'refused-probe',
    pod: { containerStatuses: [{ ...runs, ready: false }], conditions: [unready] },
    warnings: [
      [
        'Unhealthy',
        'Readiness probe failed: Get "http://10.42.1.5:8000/api/health/": dial tcp 10.42.1.5:8000: connect: connection refused',
      ],
    ],
    said: /is Starting: Readiness probe failed: .*connect: connection refused$/,
  },
  {
    name: 'killed-sidecar',
    pod: {
      containerStatuses: [runs, { name: 'proxy', ready: false, restartCount: 4, state: ended('OOMKilled', 137) }],
      conditions: [unready],
    },
    said: /: container proxy of a pod is OOMKilled \(4 restarts\)$/,
  },
  {
    name: 'killed-init',
    pod: {
      initContainerStatuses: [
        waiting('CrashLoopBackOff', 'back-off 40s', { name: 'migrate', restartCount: 3, lastState: ended('OOMKilled', 137) }),
      ],
      containerStatuses: [waiting('PodInitializing')],
    },
    said: /: container migrate of a pod is CrashLoopBackOff \(3 restarts, last OOMKilled \(137\)\)/,
  },
  {
    name: 'work-done',
    pod: {
      containerStatuses: [runs, { name: 'setup', ready: false, restartCount: 0, state: ended('Completed', 0) }],
      conditions: [unready],
    },
    spec: { restartPolicy: 'OnFailure' },
    said: undefined,
  },
  {
    name: 'hook-failed',
    pod: waits(
      'PostStartHookError',
      `Exec lifecycle hook ([/bin/sh -c ./warm.sh]) for Container "api" in Pod "x" failed - error: command '/bin/sh -c ./warm.sh' exited with 127: /bin/sh: ./warm.sh: not found`,
    ),
    said: /exited with 127: \/bin\/sh: .\/warm.sh: not found$/,
  },
  {
    name: 'file-over-folder',
    pod: waits(
      'RunContainerError',
      `${runc}: error during container init: error mounting "/var/lib/kubelet/pods/0b/volume-subpaths/config/api/2" to rootfs at "/etc/app.yaml": not a directory: Are you trying to mount a directory onto a file (or vice-versa)?`,
    ),
    said: /not a directory: Are you trying to mount a directory onto a file/,
  },
  {
    name: 'gated',
    pod: {
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'SchedulingGated',
          message: 'Scheduling is blocked due to non-empty scheduling gates',
        },
      ],
    },
    said: /is SchedulingGated: Scheduling is blocked/,
  },
  {
    name: 'preempted',
    pod: { phase: 'Failed', reason: 'Preempting', message: 'Preempted in order to admit critical pod' },
    said: /^warning .*: an ended pod is left over \(Preempting: /,
  },
  {
    name: 'out-of-sight',
    pod: {
      phase: 'Failed',
      containerStatuses: [
        { ...runs, state: ended('ContainerStatusUnknown', 137, 'The container could not be located when the pod was terminated') },
      ],
    },
    said: /^warning .*\(Failed: The container could not be located when the pod was terminated\)$/,
  },
  {
    name: 'webhook-away',
    deployment: true,
    warnings: [
      [
        'FailedCreate',
        'Error creating: Internal error occurred: failed calling webhook "validate.kyverno.svc-fail": failed to call webhook: Post "https://kyverno-svc.kyverno.svc:443/validate/fail?timeout=10s": no endpoints available for service "kyverno-svc"',
      ],
    ],
    said: /no more can be made: .*no endpoints available for service "kyverno-svc"; its rollout is paused$/,
  },
  {
    name: 'without-account',
    deployment: true,
    warnings: [
      [
        'FailedCreate',
        'Error creating: pods "x" is forbidden: error looking up service account honeydue/queue: serviceaccount "queue" not found',
      ],
    ],
    said: /no more can be made: .*serviceaccount "queue" not found/,
  },
  {
    name: 'limits-wanted',
    deployment: true,
    warnings: [
      [
        'FailedCreate',
        'Error creating: pods "x" is forbidden: failed quota: compute: must specify limits.cpu for: api; limits.memory for: api',
      ],
    ],
    said: /failed quota: compute: must specify limits.cpu for: api/,
  },
  {
    name: 'provisioner-away',
    claim: { storageClassName: 'hcloud-volumes' },
    warnings: [['ProvisioningFailed', 'storageclass.storage.k8s.io "hcloud-volumes" not found']],
    said: /has no volume: Pending, storage class hcloud-volumes, which is not there: /,
  },
  {
    name: 'sidecar-again',
    pod: {
      initContainerStatuses: [
        {
          name: 'proxy',
          ready: false,
          started: false,
          restartCount: 7,
          state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container=proxy pod=x' } },
          lastState: ended('Error', 1, 'proxy: cannot bind 0.0.0.0:15001: address already in use'),
        },
      ],
      containerStatuses: [runs],
      conditions: [unready],
    },
    spec: { initContainers: [{ name: 'proxy', image: 'p', restartPolicy: 'Always' }] },
    said: /: container proxy of a pod is CrashLoopBackOff \(7 restarts, last Error \(1\)\): proxy: cannot bind 0.0.0.0:15001: address already in use$/,
  },
  {
    name: 'tainted-by-pressure',
    pod: {
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message:
            '0/3 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }, 1 node(s) had untolerated taint {node.kubernetes.io/memory-pressure: }. preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
        },
      ],
    },
    said: /is Unschedulable: .*disk-pressure.*memory-pressure/,
  },
  {
    name: 'killed-by-liveness',
    pod: {
      containerStatuses: [{ ...runs, restartCount: 12, lastState: ended('Error', 137) }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
    warnings: [
      [
        'Unhealthy',
        'Liveness probe failed: Get "http://10.42.1.5:8000/api/health/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
        40,
      ],
      ['BackOff', 'Back-off restarting failed container api in pod x', 200],
    ],
    said: /^warning .* is Restarted \(12 restarts, last Error \(137\)\): .*Liveness probe failed: Get .*context deadline exceeded/,
  },
  {
    name: 'no-such-image-name',
    pod: waits(
      'InvalidImageName',
      `Failed to apply default image tag "gitea.treytartt.com/admin/honeydue-api:": couldn't parse image name "gitea.treytartt.com/admin/honeydue-api:": invalid reference format`,
    ),
    said: /is InvalidImageName: .*invalid reference format$/,
  },
  {
    name: 'limit-of-namespace',
    deployment: true,
    warnings: [
      [
        'FailedCreate',
        'Error creating: pods "limit-of-namespace-5d8f6c7b9d-x2x4z" is forbidden: [maximum cpu usage per Container is 500m, but limit is 1, maximum memory usage per Container is 256Mi, but limit is 1Gi]',
      ],
    ],
    said: /no more can be made: .*maximum memory usage per Container is 256Mi, but limit is 1Gi\]/,
  },
  {
    name: 'evicted-by-disk',
    pod: {
      phase: 'Failed',
      reason: 'Evicted',
      message:
        'The node was low on resource: ephemeral-storage. Threshold quantity: 2146223340, available: 1873240Ki. Container api was using 6148Mi, request is 0, has larger consumption of ephemeral-storage. ',
    },
    said: /^warning .*\(Evicted: The node was low on resource: ephemeral-storage/,
  },
]
