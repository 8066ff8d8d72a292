import { describeDrills } from './solved.ts'

describeDrills(0)
