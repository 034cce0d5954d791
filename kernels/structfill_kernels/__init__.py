"""Array kernels of structfill. They know arrays, never structfill.

Every op is a package: ``__init__`` holds the contract, ``reference`` the specification in plain numpy,
``cpu`` the Numba version. Letters: N positions, V vocabulary, S states, E edges, C token classes, T sets of
classes, R distinct spellings. Position bitsets are uint64 [.., ceil((N+1)/64)], bit i % 64 of word i // 64.
"""
