/** A block of code that begins with a comment naming its file. */
export interface Snippet {
  readonly file: string
  readonly code: string
}

/** The code of a page, and how many blocks of code there are, with a file's name or without. */
export interface PageCode {
  readonly snippets: readonly Snippet[]
  readonly blocks: number
  /** The snippet of that file, if need be the one that contains a text. */
  snippet(file: string, containing?: string): string
}

/** Reads the blocks of code of a Markdown page. */
export function codeOf(page: string): PageCode {
  const snippets = [...page.matchAll(/```(?:js|ts)\n\/\/ ([\w.]+)\n([^]*?)```/g)].map((match) => ({
    file: match[1] ?? '',
    code: match[2] ?? '',
  }))
  return {
    snippets,
    blocks: page.match(/```(js|ts|jsx|tsx|mjs)\b/g)?.length ?? 0,
    snippet(file, containing = '') {
      const found = snippets.find((s) => s.file === file && s.code.includes(containing))
      if (!found) throw new Error(`no snippet ${file} with ${containing}`)
      return found.code
    },
  }
}
