import { holdContract } from '../contract.ts'
import { mailCases } from './cases.ts'
import { sandboxMail } from './world.ts'

holdContract('mail', 'sandbox', mailCases, sandboxMail)
