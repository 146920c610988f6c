import { EXIT } from './exit-codes.ts'
import { createIo, endOnBrokenPipe } from './io.ts'
import { main } from './main.ts'

/** Runs the command line of this process and ends it with the command's exit code. */
export async function runCli(): Promise<void> {
  const { stdout, stderr, argv } = process
  for (const stream of [stdout, stderr]) {
    endOnBrokenPipe(stream, () => process.exit(process.exitCode ?? EXIT.ok))
  }
  const code = await main(argv.slice(2), createIo(process))
  process.exitCode = code
  // What is still to be written to a pipe is written first; nothing else is worth waiting for.
  stdout.write('', () => stderr.write('', () => process.exit(code)))
}
