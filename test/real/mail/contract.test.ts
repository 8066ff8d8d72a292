import { holdContract } from '../../contract/contract.ts'
import { mailCases } from '../../contract/mail/cases.ts'
import { sandboxMail } from '../../contract/mail/world.ts'
import { realMail } from './server.ts'

holdContract('mail', 'sandbox', mailCases, sandboxMail)
holdContract('mail', 'real', mailCases, realMail)
