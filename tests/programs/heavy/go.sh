#!/bin/bash
# Go: a program built and run, with goroutines, garbage, http on loopback, children and signals; and a
# test of it.
# packages: golang-go
# needs: go
set -euo pipefail

export GOCACHE=$PWD/cache GOPATH=$PWD/path GOFLAGS=-mod=mod GOPROXY=off GO111MODULE=on GOTOOLCHAIN=local
mkdir trial
cd trial
printf 'module trial\n\ngo 1.18\n' >go.mod
cat >main.go <<'END'
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

func Sum(n int) int {
	var lock sync.Mutex
	var group sync.WaitGroup
	all := 0
	for i := 0; i < n; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			lock.Lock()
			all += i
			lock.Unlock()
		}(i)
	}
	group.Wait()
	return all
}

func threads() {
	var group sync.WaitGroup
	for i := 0; i < 50; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			runtime.LockOSThread()
			time.Sleep(time.Millisecond)
		}()
	}
	group.Wait()
	fmt.Println("threads")
}

func main() {
	fmt.Println("goroutines", Sum(10000))
	threads()
	var kept [][]byte
	for i := 0; i < 2000; i++ {
		kept = append(kept[len(kept)/2:], make([]byte, 100000))
	}
	runtime.GC()
	fmt.Println("garbage", len(kept) > 0)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(to http.ResponseWriter, request *http.Request) {
		io.Copy(to, request.Body)
	}))
	response, err := http.Post("http://"+listener.Addr().String(), "text/plain", strings.NewReader("there"))
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(response.Body)
	fmt.Println("http", response.StatusCode, string(body))

	command := exec.Command("sh", "-c", "cat; exit 3")
	command.Stdin = strings.NewReader("through a child\n")
	command.Stdout = os.Stdout
	fmt.Println(command.Run())

	arrived := make(chan os.Signal, 1)
	signal.Notify(arrived, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println(<-arrived)
}
END
cat >main_test.go <<'END'
package main

import "testing"

func TestSum(t *testing.T) {
	if Sum(100) != 4950 {
		t.Fatal("wrong")
	}
}
END
go vet .
go build -o trial .
./trial
GOMAXPROCS=16 ./trial | cksum
go test -count=1 . | sed 's/[[:space:]][0-9.]*s$//'
chmod -R u+w "$GOCACHE"
