/**
 * Asks a person on the terminal; without an answer (Ctrl-C, Escape) it is no. Asked on stderr, since
 * stdout is for results.
 */
export async function confirm(question: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr })
  return !isCancel(answer) && answer
}
