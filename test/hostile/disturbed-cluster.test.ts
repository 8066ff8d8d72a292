import { disturbed } from './disturbed.ts'

disturbed('cluster')
