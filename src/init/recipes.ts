/** What helps in a project whose dev server has no config of its own that a plugin could go into. */
export interface Recipe {
  /** Package that a project with it depends on. */
  readonly dependency: string
  /** As people write it. */
  readonly title: string
  /** One sentence: what to write, and where. */
  readonly advice: string
}

const script = (command: string): string => `Let its dev script be: ports run --name web ${command}`

/** The first one that a project depends on fits it best. */
const RECIPES: readonly Recipe[] = [
  {
    dependency: 'electron-vite',
    title: 'electron-vite',
    advice:
      "Import ports from 'unplugin-ports/vite' in electron.vite.config and put ports() into renderer.plugins.",
  },
  { dependency: 'next', title: 'Next.js', advice: script('next dev') },
  { dependency: 'nuxt', title: 'Nuxt', advice: script('nuxt dev') },
  { dependency: 'astro', title: 'Astro', advice: script('astro dev --port {port}') },
  { dependency: '@angular/cli', title: 'Angular', advice: script('ng serve --port {port}') },
  { dependency: 'gatsby', title: 'Gatsby', advice: script('gatsby develop --port {port}') },
  {
    dependency: '@vue/cli-service',
    title: 'Vue CLI',
    advice: script('vue-cli-service serve --port {port}'),
  },
  {
    dependency: 'react-scripts',
    title: 'Create React App',
    advice: script('react-scripts start'),
  },
  { dependency: 'parcel', title: 'Parcel', advice: script('parcel --port {port}') },
]

/** The recipe for a project with these dependencies; `undefined` when none fits. */
export function findRecipe(dependencies: ReadonlySet<string>): Recipe | undefined {
  return RECIPES.find(({ dependency }) => dependencies.has(dependency))
}
