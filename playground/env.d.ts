import 'unplugin-ports/client'
