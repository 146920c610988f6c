import { farmHost } from './_hosts/farm.ts'
import { hostSuite } from './_suite.ts'

hostSuite(farmHost)
