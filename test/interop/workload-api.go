// A Workload API of SPIFFE for tests, by the libraries of SPIFFE and gRPC: one workload, whose tokens an OpenID provider of its own
// vouches for. Arguments: a socket's path, an address for the same over TCP, an address for the provider.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const workloadID = "spiffe://example.org/ns/ci/sa/builder"

type server struct {
	workload.UnimplementedSpiffeWorkloadAPIServer
	issuer string
	signer jose.Signer
	keys   []byte
}

func allowed(ctx context.Context) error {
	given, _ := metadata.FromIncomingContext(ctx)
	if header := given.Get("workload.spiffe.io"); len(header) != 1 || header[0] != "true" {
		return status.Error(codes.InvalidArgument, "security header missing from request")
	}
	return nil
}

func (s *server) FetchJWTSVID(ctx context.Context, request *workload.JWTSVIDRequest) (*workload.JWTSVIDResponse, error) {
	if err := allowed(ctx); err != nil {
		return nil, err
	}
	now := time.Now()
	claims := jwt.Claims{
		Issuer:   s.issuer,
		Subject:  workloadID,
		Audience: request.Audience,
		IssuedAt: jwt.NewNumericDate(now),
		Expiry:   jwt.NewNumericDate(now.Add(5 * time.Minute)),
	}
	token, err := jwt.Signed(s.signer).Claims(claims).Serialize()
	if err != nil {
		return nil, err
	}
	return &workload.JWTSVIDResponse{Svids: []*workload.JWTSVID{{SpiffeId: workloadID, Svid: token}}}, nil
}

func (s *server) FetchJWTBundles(_ *workload.JWTBundlesRequest, stream workload.SpiffeWorkloadAPI_FetchJWTBundlesServer) error {
	if err := allowed(stream.Context()); err != nil {
		return err
	}
	bundles := map[string][]byte{"spiffe://example.org": s.keys}
	if err := stream.Send(&workload.JWTBundlesResponse{Bundles: bundles}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return nil
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	if len(os.Args) != 4 {
		fmt.Println("usage: workload-api SOCKET ADDRESS PROVIDER-ADDRESS")
		return
	}
	socket, address, provider := os.Args[1], os.Args[2], os.Args[3]
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	private := jose.JSONWebKey{Key: key, KeyID: "one", Algorithm: "ES256"}
	public := jose.JSONWebKey{Key: key.Public(), KeyID: "one", Algorithm: "ES256", Use: "jwt-svid"}
	keys := must(json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}}))
	public.Use = "sig"
	published := must(json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}}))
	issuer := "http://" + provider
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private}, (&jose.SignerOptions{}).WithType("JWT")))
	api := grpc.NewServer()
	workload.RegisterSpiffeWorkloadAPIServer(api, &server{issuer: issuer, signer: signer, keys: keys})
	go func() { log.Fatal(api.Serve(must(net.Listen("unix", socket)))) }()
	go func() { log.Fatal(api.Serve(must(net.Listen("tcp", address)))) }()
	http.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": issuer, "jwks_uri": issuer + "/keys"})
	})
	http.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(published) })
	log.Fatal(http.ListenAndServe(provider, nil))
}
