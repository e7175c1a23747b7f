import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config({ ignores: ['cdk.out', 'node_modules'] }, js.configs.recommended, {
  files: ['**/*.ts'],
  extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: {
    // CDK's way to say "create this": the construct adds itself to its scope.
    'no-new': 'off',
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    // node:test's functions return promises that the runner itself awaits.
    '@typescript-eslint/no-floating-promises': [
      'error',
      { allowForKnownSafeCalls: [{ from: 'package', name: ['describe', 'it', 'test'], package: 'node:test' }] },
    ],
    '@typescript-eslint/switch-exhaustiveness-check': 'error',
  },
});
