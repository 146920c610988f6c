import { describeWatching } from './_watching.ts'
import { rollupLike } from './_rollup-like.ts'

describeWatching(rollupLike('rolldown'))
