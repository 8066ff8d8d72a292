import { describeDrills } from './solved.ts'

describeDrills(2)
