import { defineConfig, type OxlintOverride } from 'oxlint'
import { doors, importableFrom, rows } from './layers.ts'

const packages = Object.keys(doors)

/** The imports that the folder `folder` may not have: later rows, and packages behind doors. */
function restrictions(folder: string, openDoors: readonly string[]): object {
  const allowed = new Set(importableFrom(folder))
  const closed = rows.map((entry) => entry.folder).filter((name) => !allowed.has(name))
  const shut = packages.filter((name) => !openDoors.includes(name))
  return {
    patterns: [
      ...closed.map((name) => ({
        group: [`../${name}/*`, `../${name}/**`, `../../${name}/*`],
        message: `src/${folder} stands before src/${name}: see layers.ts`,
      })),
      ...shut.map((name) => ({
        group: [name, `${name}/*`],
        message: `"${name}" is imported by ${doors[name]?.join(', ')} only: see layers.ts`,
      })),
    ],
  }
}

const folderRules: OxlintOverride[] = rows.map(({ folder }) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: { 'no-restricted-imports': ['error', restrictions(folder, [])] },
}))

const doorRules: OxlintOverride[] = [...new Set(Object.values(doors).flat())].map((file) => ({
  files: [file],
  rules: {
    'no-restricted-imports': [
      'error',
      restrictions(
        file.split('/')[1] ?? '',
        packages.filter((name) => doors[name]?.includes(file)),
      ),
    ],
  },
}))

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'node', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  ignorePatterns: ['dist', 'node_modules', 'fixtures', 'coverage', 'bench/fixtures'],
  rules: {
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'import/no-unassigned-import': 'off',
    // fast-check documents its default export as the way in.
    'import/no-named-as-default-member': 'off',
    // Grouping shorthand members in one spread keeps long part lists readable.
    'unicorn/no-useless-spread': 'off',
    'max-lines': ['error', { max: 400, skipComments: true, skipBlankLines: true }],
    'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
    'no-console': 'error',
    'no-await-in-loop': 'off',
    'no-empty': 'error',
    'prefer-const': 'error',
    'promise/always-return': 'off',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    // The shape of what is loaded or parsed is named by the caller.
    'typescript/no-unnecessary-type-parameters': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'unicorn/prefer-node-protocol': 'error',
    'unicorn/no-array-for-each': 'error',
    'vitest/no-focused-tests': 'error',
    'vitest/require-mock-type-parameters': 'off',
    'vitest/no-conditional-tests': 'off',
  },
  overrides: [
    ...folderRules,
    ...doorRules,
    {
      files: ['test/**', 'bench/**', 'scripts/**', 'plugins/*/test/**'],
      rules: {
        'max-lines': ['error', { max: 500, skipComments: true, skipBlankLines: true }],
        'max-lines-per-function': 'off',
        'no-console': 'off',
      },
    },
    {
      files: ['*.config.ts', 'scripts/count-reporter.ts', 'plugins/*/src/index.ts'],
      rules: { 'import/no-default-export': 'off' },
    },
  ],
})
