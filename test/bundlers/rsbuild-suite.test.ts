import { rsbuildHost } from './_hosts/rsbuild.ts'
import { hostSuite } from './_suite.ts'

hostSuite(rsbuildHost)
