/** A service that has a usual port, by its name. */
export interface WellKnownPort {
  /** As people write it in `services`; without regard to case, `-`, `_` and `.`. */
  readonly name: string
  /** Other names of the same. */
  readonly aliases: readonly string[]
  /** Where it listens when nobody says otherwise. */
  readonly port: number
  /** What it is, for people: `'PostgreSQL'`. */
  readonly title: string
  /** Scheme of its URLs: `'http'`, `'postgresql'`; `'tcp'` where there is no usual one. */
  readonly scheme: string
}

/** Every service whose port is known by its name, in no special order. */
export const WELL_KNOWN: readonly WellKnownPort[] = [
  // Databases
  known('postgres', 5432, 'PostgreSQL', 'postgresql', ['postgresql', 'pg']),
  known('mysql', 3306, 'MySQL', 'mysql'),
  known('mariadb', 3306, 'MariaDB', 'mysql'),
  known('mongodb', 27_017, 'MongoDB', 'mongodb', ['mongo']),
  known('cockroachdb', 26_257, 'CockroachDB', 'postgresql', ['cockroach']),
  known('cassandra', 9042, 'Apache Cassandra', 'tcp'),
  known('mssql', 1433, 'Microsoft SQL Server', 'tcp', ['sqlserver']),
  known('neo4j', 7687, 'Neo4j (Bolt)', 'bolt'),
  known('couchdb', 5984, 'Apache CouchDB'),
  known('clickhouse', 8123, 'ClickHouse (HTTP)'),
  known('influxdb', 8086, 'InfluxDB'),
  known('dynamodb', 8000, 'DynamoDB local', 'http', ['dynamodb-local']),
  known('pocketbase', 8090, 'PocketBase'),
  known('supabase', 54_321, 'Supabase API (local)', 'http', ['supabase-api']),
  known('supabase-db', 54_322, 'Supabase database (local)', 'postgresql'),
  known('supabase-studio', 54_323, 'Supabase Studio (local)'),
  known('prisma-studio', 5555, 'Prisma Studio'),
  known('drizzle-studio', 4983, 'Drizzle Studio'),
  known('mongo-express', 8081, 'mongo-express'),
  known('adminer', 8080, 'Adminer'),
  // Caches and queues
  known('redis', 6379, 'Redis', 'redis'),
  known('valkey', 6379, 'Valkey', 'redis'),
  known('redis-insight', 5540, 'Redis Insight'),
  known('memcached', 11_211, 'Memcached', 'tcp'),
  known('rabbitmq', 5672, 'RabbitMQ', 'amqp', ['amqp']),
  known('rabbitmq-management', 15_672, 'RabbitMQ management'),
  known('kafka', 9092, 'Apache Kafka', 'tcp'),
  known('nats', 4222, 'NATS', 'nats'),
  known('mqtt', 1883, 'MQTT broker', 'mqtt', ['mosquitto']),
  known('temporal', 7233, 'Temporal', 'tcp'),
  known('inngest', 8288, 'Inngest dev server'),
  // Search and models
  known('elasticsearch', 9200, 'Elasticsearch', 'http', ['elastic']),
  known('kibana', 5601, 'Kibana'),
  known('opensearch', 9200, 'OpenSearch'),
  known('opensearch-dashboards', 5601, 'OpenSearch Dashboards'),
  known('meilisearch', 7700, 'Meilisearch', 'http', ['meili']),
  known('typesense', 8108, 'Typesense'),
  known('solr', 8983, 'Apache Solr'),
  known('qdrant', 6333, 'Qdrant'),
  known('weaviate', 8080, 'Weaviate'),
  known('chroma', 8000, 'Chroma', 'http', ['chromadb']),
  known('milvus', 19_530, 'Milvus', 'tcp'),
  known('ollama', 11_434, 'Ollama'),
  known('jupyter', 8888, 'Jupyter', 'http', ['jupyterlab', 'notebook']),
  // Storage and mail
  known('minio', 9000, 'MinIO', 'http', ['s3']),
  known('minio-console', 9001, 'MinIO console'),
  known('localstack', 4566, 'LocalStack'),
  known('azurite', 10_000, 'Azurite (blobs)', 'http', ['azurite-blob']),
  known('azurite-queue', 10_001, 'Azurite (queues)'),
  known('azurite-table', 10_002, 'Azurite (tables)'),
  known('mailpit', 8025, 'Mailpit (web)', 'http', ['mailhog']),
  known('smtp', 1025, 'SMTP of Mailpit or MailHog', 'smtp', ['mailpit-smtp', 'mailhog-smtp']),
  known('maildev', 1080, 'MailDev (web)'),
  // Monitoring
  known('prometheus', 9090, 'Prometheus'),
  known('alertmanager', 9093, 'Alertmanager'),
  known('grafana', 3000, 'Grafana'),
  known('loki', 3100, 'Grafana Loki'),
  known('jaeger', 16_686, 'Jaeger (web)', 'http', ['jaeger-ui']),
  known('zipkin', 9411, 'Zipkin'),
  known('otel', 4317, 'OpenTelemetry collector (gRPC)', 'tcp', ['otlp', 'otel-collector']),
  known('otel-http', 4318, 'OpenTelemetry collector (HTTP)', 'http', ['otlp-http']),
  // Security and infrastructure
  known('keycloak', 8080, 'Keycloak'),
  known('vault', 8200, 'HashiCorp Vault'),
  known('consul', 8500, 'HashiCorp Consul'),
  known('jenkins', 8080, 'Jenkins'),
  known('sonarqube', 9000, 'SonarQube', 'http', ['sonar']),
  known('verdaccio', 4873, 'Verdaccio'),
  // Emulators and mocks
  known('firebase', 4000, 'Firebase emulator suite (web)', 'http', ['firebase-emulators']),
  known('firebase-auth', 9099, 'Firebase Authentication emulator'),
  known('firebase-functions', 5001, 'Cloud Functions emulator'),
  known('firebase-database', 9000, 'Firebase Realtime Database emulator'),
  known('firebase-storage', 9199, 'Cloud Storage for Firebase emulator'),
  known('firebase-hosting', 5000, 'Firebase Hosting emulator'),
  known('firestore', 8080, 'Firestore emulator', 'http', ['firebase-firestore']),
  known('pubsub', 8085, 'Pub/Sub emulator', 'http', ['firebase-pubsub']),
  known('stripe-mock', 12_111, 'stripe-mock'),
  known('wiremock', 8080, 'WireMock'),
  known('selenium', 4444, 'Selenium'),
  // Tools of a front end
  known('storybook', 6006, 'Storybook'),
  known('playwright', 9323, 'Playwright report and debugging', 'http', [
    'playwright-debug',
    'playwright-report',
  ]),
  known('node-inspector', 9229, 'Node.js inspector', 'http', ['inspector', 'node-debug']),
  known('chrome-devtools', 9222, 'Chrome remote debugging', 'http', ['chrome', 'cdp']),
  known('vitest', 51_204, 'Vitest UI', 'http', ['vitest-ui']),
  known('vitepress', 5173, 'VitePress'),
  known('docusaurus', 3000, 'Docusaurus'),
  known('astro', 4321, 'Astro'),
  known('angular', 4200, 'Angular'),
  known('metro', 8081, 'Metro (React Native, Expo)', 'http', ['expo', 'react-native']),
  known('wrangler', 8787, 'Wrangler (Cloudflare Workers)'),
  known('hasura', 8080, 'Hasura'),
  known('strapi', 1337, 'Strapi'),
  known('directus', 8055, 'Directus'),
]

const byName = new Map(
  WELL_KNOWN.flatMap((entry) =>
    [entry.name, ...entry.aliases].map((name): [string, WellKnownPort] => [fold(name), entry]),
  ),
)

/** What is known of a service by its name alone; `undefined` for names that could be anything. */
export function wellKnownPort(service: string): WellKnownPort | undefined {
  return byName.get(fold(service))
}

function known(
  name: string,
  port: number,
  title: string,
  scheme = 'http',
  aliases: readonly string[] = [],
): WellKnownPort {
  return { name, aliases, port, title, scheme }
}

/** `Drizzle_Studio`, `drizzleStudio` and `drizzle-studio` are one name. */
function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]/g, '')
}
