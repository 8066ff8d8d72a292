import { groups } from './cases.ts'
import { killEach } from './kills.ts'

killEach(groups.nodes)
