import neostandard from 'neostandard'

export default [
  ...neostandard({
    ts: true,
    ignores: ['dist', 'node_modules', '.tap']
  }),
  {
    // A view is given what can be done by its name: onSelect={actions.select}.
    files: ['web/**/*.tsx'],
    rules: { 'react/jsx-handler-names': 'off' }
  },
  {
    rules: { '@stylistic/max-len': ['error', { code: 130 }] }
  },
  {
    // What only the type checker can tell.
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // How a promise is left alone on purpose.
      'no-void': ['error', { allowAsStatement: true }],
      // A subtest is awaited by its parent.
      '@typescript-eslint/no-floating-promises': ['error', {
        allowForKnownSafePromises: [{ from: 'package', name: 'PromiseWithSubtest', package: '@tapjs/core' }]
      }],
      '@typescript-eslint/no-unnecessary-type-assertion': 'error'
    }
  }
]
