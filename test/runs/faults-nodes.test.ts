import { groups } from './cases.ts'
import { failEach } from './faults.ts'

failEach(groups.nodes)
