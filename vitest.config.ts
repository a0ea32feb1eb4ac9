import { defineConfig } from 'vitest/config'

// Packages resolve each other to their sources, so that tests need no build.
const fromSource = {
  resolve: { conditions: ['rollcall-source'] },
  ssr: { resolve: { conditions: ['rollcall-source', 'node', 'default'] } },
}

/** They use up what a machine has, and look at how others fare meanwhile: they run one by one. */
const ALONE = [
  'tests/src/*pressure.test.ts',
  'tests/src/cluster-{join,partition}.test.ts',
  'tests/src/robustness.test.ts',
]

export default defineConfig({
  test: {
    // By default a machine of two cores gets one.
    maxWorkers: '100%',
    projects: [
      {
        ...fromSource,
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'scripts/**/*.test.ts',
            'bench/src/**/*.test.ts',
            'tests/src/robustness/validation/**/*.test.ts',
          ],
          exclude: ['**/*.etcd.test.ts', '**/node_modules/**'],
          // Modules have no state of their own, so that files may share them: each would load them anew.
          isolate: false,
          // Properties take a second; a busy machine five.
          testTimeout: 15_000,
        },
      },
      {
        ...fromSource,
        test: {
          name: 'simulator',
          include: ['packages/server/test/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        ...fromSource,
        test: {
          // What needs an etcd that runs: real time, and one process of it a file.
          name: 'etcd',
          include: ['packages/server/src/engines/etcd/**/*.etcd.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        ...fromSource,
        test: {
          name: 'process',
          include: ['tests/src/**/*.test.ts'],
          exclude: [...ALONE, 'tests/src/robustness/validation/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...fromSource,
        test: {
          name: 'alone',
          include: ALONE,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
