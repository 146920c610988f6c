/** Configs as the starters of today write them, and a few that people have made of them. */
export const STARTERS = {
  vite: {
    file: 'vite.config.js',
    entry: 'unplugin-ports/vite',
    text: `import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// https://vite.dev/config/
export default defineConfig({
  plugins: [vue()],
})
`,
  },
  rsbuild: {
    file: 'rsbuild.config.ts',
    entry: 'unplugin-ports/rsbuild',
    text: `import { defineConfig } from '@rsbuild/core';
import { pluginReact } from '@rsbuild/plugin-react';

// Docs: https://rsbuild.rs/config/
export default defineConfig({
  plugins: [pluginReact()],
});
`,
  },
  rspack: {
    file: 'rspack.config.js',
    entry: 'unplugin-ports/rspack',
    text: `// @ts-check
import { defineConfig } from '@rspack/cli';
import { rspack } from '@rspack/core';
import { ReactRefreshRspackPlugin } from '@rspack/plugin-react-refresh';

const isDev = process.env.NODE_ENV === 'development';

export default defineConfig({
  entry: {
    main: './src/main.jsx',
  },
  plugins: [
    new rspack.HtmlRspackPlugin({
      template: './index.html',
    }),
    isDev && new ReactRefreshRspackPlugin(),
  ],
});
`,
  },
  webpack: {
    file: 'webpack.config.js',
    entry: 'unplugin-ports/webpack',
    text: `// Generated using webpack-cli https://github.com/webpack/webpack-cli

import path from "node:path";
import HtmlWebpackPlugin from "html-webpack-plugin";

const isProduction = process.env.NODE_ENV === "production";

/** @type {import("webpack").Configuration} */
const config = {
    entry: "./src/index.js",
    devServer: {
        open: true,
    },
    plugins: [
        new HtmlWebpackPlugin({
            template: "index.html",
        }),
        // Add your plugins here
    ],
};

export default () => {
    if (isProduction) {
        config.mode = "production";
    } else {
        config.mode = "development";
    }
    return config;
};
`,
  },
} as const
