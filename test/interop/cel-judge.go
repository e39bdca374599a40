// A judge of CEL expressions by the library of Kubernetes, as its API server asks it for policies: all variables are JSON of any shape.
// Reads requests as JSON, one a line, and answers each with one line; a request with a number of times is answered with the
// nanoseconds that one evaluation takes, the expression compiled once.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/cel/environment"
)

type request struct {
	Expression string `json:"expression"`
	Input      string `json:"input"`
	Times      int    `json:"times"`
}

type answer struct {
	// value, error, or compile where the expression itself is refused
	Kind        string `json:"kind"`
	Value       string `json:"value,omitempty"`
	Error       string `json:"error,omitempty"`
	Nanoseconds int64  `json:"nanoseconds,omitempty"`
}

func main() {
	if len(os.Args) > 1 {
		return
	}
	base := environment.MustBaseEnvSet(version.MajorMinor(1, 36))
	set, err := base.Extend(environment.VersionedOptions{
		IntroducedVersion: version.MajorMinor(1, 0),
		EnvOptions:        []cel.EnvOption{cel.Variable("a", cel.DynType)},
	})
	if err != nil {
		log.Fatal(err)
	}
	env := set.NewExpressionsEnv()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		if err := answers.Encode(judge(env, asked)); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func judge(env *cel.Env, asked request) (given answer) {
	defer func() {
		if reason := recover(); reason != nil {
			given = answer{Kind: "panic", Error: fmt.Sprint(reason)}
		}
	}()
	ast, issues := env.Compile(asked.Expression)
	if issues.Err() != nil {
		return answer{Kind: "compile", Error: issues.Err().Error()}
	}
	program, err := env.Program(ast)
	if err != nil {
		return answer{Kind: "compile", Error: err.Error()}
	}
	var input any
	if err := json.Unmarshal([]byte(asked.Input), &input); err != nil {
		return answer{Kind: "error", Error: err.Error()}
	}
	bound := map[string]any{"a": whole(input)}
	value, _, err := program.Eval(bound)
	if err != nil {
		return answer{Kind: "error", Error: err.Error()}
	}
	given = answer{Kind: "value", Value: text(value)}
	if asked.Times > 0 {
		start := time.Now()
		for range asked.Times {
			if _, _, err := program.Eval(bound); err != nil {
				return answer{Kind: "error", Error: err.Error()}
			}
		}
		given.Nanoseconds = time.Since(start).Nanoseconds() / int64(asked.Times)
	}
	return given
}

// Whole numbers are ints, as Kubernetes reads JSON.
func whole(input any) any {
	switch input := input.(type) {
	case float64:
		if input == float64(int64(input)) {
			return int64(input)
		}
	case []any:
		for index, item := range input {
			input[index] = whole(item)
		}
	case map[string]any:
		for key, item := range input {
			input[key] = whole(item)
		}
	}
	return input
}

// The type of a value, and what is in it where JSON has such.
func text(value ref.Val) string {
	switch value := value.(type) {
	case types.Bool, types.Int, types.Uint, types.Double, types.String:
		encoded, err := json.Marshal(value.Value())
		if err != nil {
			return fmt.Sprintf("%s %v", value.Type().TypeName(), value.Value())
		}
		return fmt.Sprintf("%s %s", value.Type().TypeName(), encoded)
	case *types.Optional:
		if !value.HasValue() {
			return "none"
		}
		return "optional " + text(value.GetValue())
	case traits.Mapper:
		entries := []string{}
		for it := value.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			entries = append(entries, text(key)+": "+text(value.Get(key)))
		}
		slices.Sort(entries)
		return "{" + strings.Join(entries, ", ") + "}"
	case traits.Lister:
		items := []string{}
		for it := value.Iterator(); it.HasNext() == types.True; {
			items = append(items, text(it.Next()))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return value.Type().TypeName()
}
