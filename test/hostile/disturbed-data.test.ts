import { disturbed } from './disturbed.ts'

disturbed('data')
