import { cacheCases } from './cache-cases.ts'
import { certificateCases } from './certificate-cases.ts'
import { clusterCases } from './cluster-cases.ts'
import { databaseCases } from './database-cases.ts'
import { edgeCases } from './edge-cases.ts'
import { firewallCases } from './firewall-cases.ts'
import { lockCases } from './lock-cases.ts'
import { migrationCases } from './migration-cases.ts'
import { nodeCases } from './node-cases.ts'
import type { Case } from './say.ts'

/** Each command's good path and its worst, over the program as it is built. */
export const deploymentCases: readonly Case[] = [
  ...nodeCases,
  ...cacheCases,
  ...lockCases,
  ...databaseCases,
  ...migrationCases,
  ...edgeCases,
  ...firewallCases,
  ...certificateCases,
  ...clusterCases,
]
