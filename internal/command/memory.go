package command

// memoryLimits are the soft limits of the memory of Go's runtime by command, in bytes. The
// program itself takes some 20 MB beside that. They make the garbage collector work harder
// rather than let large events take more than 72 MB where nothing is sent, and 100 MB where
// a backlog waits for its turn.
var memoryLimits = map[string]int64{
	"map":     38 << 20,
	"plan":    38 << 20,
	"explain": 38 << 20,
	"doctor":  38 << 20,
	"send":    64 << 20,
	"replay":  64 << 20,
	"serve":   108 << 20, // with the store inside
}

// bulkMemoryLimit is the limit where events can go in bulk, so that more of them wait. With
// that of the commands the collector takes a quarter of the processor's time.
const bulkMemoryLimit = 128 << 20
