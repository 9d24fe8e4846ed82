import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['**/node_modules/'] },
  js.configs.recommended,
  {
    languageOptions: { globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'array-callback-return': 'error',
      'consistent-return': 'off',
      eqeqeq: 'error',
      'func-style': 'off',
      'max-len': ['error', { code: 140 }],
      'max-lines': ['error', { max: 260 }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      'no-constructor-return': 'error',
      // Texts from outside are searched for exactly these.
      'no-control-regex': 'off',
      'no-duplicate-imports': 'error',
      'no-misleading-character-class': 'off',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unmodified-loop-condition': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-use-before-define': ['error', { functions: false, variables: false }],
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  // A sentence stays in one piece, so that it can be searched for.
  { files: ['static/js/texts/**'], rules: { 'max-len': 'off' } },
  { files: ['static/js/theme_boot.js'], languageOptions: { sourceType: 'script' } },
  { files: ['tests/static/**'], languageOptions: { globals: globals.node } },
];
