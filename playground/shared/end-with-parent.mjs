// Loaded before a bundler's command: however the playground dies, the bundler goes with it.
process.on('disconnect', () => process.exit(0))
