import { database, image, namespace } from './facts.ts'

/** `deploy-k3s/manifests/migrate/job.yaml`: the real file's text is not known, but what it does is (ch08): goose of the api image, over the direct host. */
export const migrateManifest = `# 03-deploy.sh deletes the Job honeydue-migrate, applies this with the new image, and waits for it before the rollout.
apiVersion: batch/v1
kind: Job
metadata:
  name: honeydue-migrate
  namespace: ${namespace}
spec:
  backoffLimit: 0
  template:
    metadata:
      labels:
        app.kubernetes.io/name: honeydue-migrate
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      imagePullSecrets:
        - name: gitea-credentials
      containers:
        - name: migrate
          image: ${image('api')}
          command: ["/bin/sh", "-c"]
          args:
            - >-
              exec goose -dir migrations postgres
              "host=$(printf %s "$DB_HOST" | sed s/-pooler//) port=${database.port} user=${database.user}
              dbname=$POSTGRES_DB sslmode=$DB_SSLMODE lock_timeout=5s" up
          envFrom:
            - configMapRef:
                name: honeydue-config
          env:
            - name: PGPASSWORD
              valueFrom:
                secretKeyRef:
                  name: honeydue-secrets
                  key: POSTGRES_PASSWORD
          securityContext:
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities:
              drop: ["ALL"]
`
