import { disturbed } from './disturbed.ts'

disturbed('front')
