// A judge of CUE policies by the library of CUE, as the policy controller of Sigstore asks it: compile the policy, unify it with the JSON
// document, validate. Reads requests as JSON, one a line, and answers each with one line; a request with a number of times is
// answered with the nanoseconds that one judgement takes, the policy compiled once. Ends after an answer `timeout`.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
)

const patience = 3 * time.Second

type request struct {
	Policy string `json:"policy"`
	Input  string `json:"input"`
	Times  int    `json:"times"`
}

type answer struct {
	// ok, error, or compile or input where that alone has an error
	Kind        string `json:"kind"`
	Error       string `json:"error,omitempty"`
	Nanoseconds int64  `json:"nanoseconds,omitempty"`
}

func main() {
	if len(os.Args) > 1 {
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		// Some policies keep the library busy without end: it is asked on in another process.
		late := time.AfterFunc(patience*time.Duration(1+asked.Times), func() {
			_ = answers.Encode(answer{Kind: "timeout"})
			os.Exit(0)
		})
		given := judge(asked)
		late.Stop()
		if err := answers.Encode(given); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func judge(asked request) (given answer) {
	defer func() {
		if reason := recover(); reason != nil {
			given = answer{Kind: "panic", Error: fmt.Sprint(reason)}
		}
	}()
	context := cuecontext.New()
	policy := context.CompileString(asked.Policy)
	if err := policy.Err(); err != nil {
		return answer{Kind: "compile", Error: errors.Details(err, nil)}
	}
	given = unify(context, policy, asked.Input)
	if asked.Times > 0 {
		start := time.Now()
		for range asked.Times {
			unify(context, policy, asked.Input)
		}
		given.Nanoseconds = time.Since(start).Nanoseconds() / int64(asked.Times)
	}
	return given
}

func unify(context *cue.Context, policy cue.Value, text string) answer {
	input := context.CompileBytes([]byte(text))
	if err := input.Err(); err != nil {
		return answer{Kind: "input", Error: errors.Details(err, nil)}
	}
	if err := policy.Unify(input).Validate(); err != nil {
		return answer{Kind: "error", Error: errors.Details(err, nil)}
	}
	return answer{Kind: "ok"}
}
