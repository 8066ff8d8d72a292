import { type CaseName, further } from './cases.ts'
import { killEach } from './kills.ts'

killEach(Object.keys(further) as readonly CaseName[])
