import { rspackCliHost, rspackProgramHost } from './_hosts/rspack.ts'
import { hostSuite } from './_suite.ts'

hostSuite(rspackCliHost)
hostSuite(rspackProgramHost)
