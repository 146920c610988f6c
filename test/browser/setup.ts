import type { TestProject } from 'vitest/node'
import { ensureChromium } from '../_utils/chromium.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the browser that the tests start. */
    chromium: string
  }
}

/** Fails the run, with what to install, when there is no browser; nothing is skipped for want of one. */
export default function setup(project: TestProject): void {
  project.provide('chromium', ensureChromium())
}
