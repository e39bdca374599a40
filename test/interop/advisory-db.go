// Writes a vulnerability database of grype, in FOLDER/6, with the advisories on standard input, and one of trivy without any, in FOLDER/db.
// Advisories are JSON:
// [{"id": "CVE-...", "ecosystem": "npm", "name": "left-pad", "constraint": "< 2.0.0", "version": "semantic"}]; of a distribution with
// "distro": {"id": "debian", "major": "12", "codename": "bookworm"}.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	db "github.com/anchore/grype/grype/db/v6"
	"go.etcd.io/bbolt"
)

type advisory struct {
	ID         string `json:"id"`
	Ecosystem  string `json:"ecosystem"`
	Name       string `json:"name"`
	Constraint string `json:"constraint"`
	Version    string `json:"version"`
	Distro     *struct {
		ID       string `json:"id"`
		Major    string `json:"major"`
		Codename string `json:"codename"`
	} `json:"distro"`
}

func main() {
	if len(os.Args) != 2 || os.Args[1] == "--help" {
		fmt.Println("usage: advisory-db FOLDER < ADVISORIES")
		return
	}
	if err := errors.Join(writeGrype(filepath.Join(os.Args[1], "6")), writeTrivy(filepath.Join(os.Args[1], "db"))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func writeTrivy(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	store, err := bbolt.Open(filepath.Join(folder, "trivy.db"), 0o600, nil)
	if err != nil {
		return err
	}
	facts := `{"Version":2,"NextUpdate":"2099-01-01T00:00:00Z","UpdatedAt":"2026-01-01T00:00:00Z","DownloadedAt":"2026-01-01T00:00:00Z"}`
	return errors.Join(store.Close(), os.WriteFile(filepath.Join(folder, "metadata.json"), []byte(facts), 0o644))
}

func writeGrype(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var advisories []advisory
	if err := json.NewDecoder(os.Stdin).Decode(&advisories); err != nil {
		return err
	}
	store, err := db.NewWriter(db.Config{DBDirPath: folder})
	if err != nil {
		return err
	}
	now := time.Now()
	provider := &db.Provider{ID: "test", Version: "1", Processor: "test", DateCaptured: &now}
	if err := store.AddProvider(*provider); err != nil {
		return err
	}
	for _, one := range advisories {
		found := &db.VulnerabilityHandle{
			Name: one.ID, Status: db.VulnerabilityActive, PublishedDate: &now, ModifiedDate: &now, ProviderID: provider.ID, Provider: provider,
			BlobValue: &db.VulnerabilityBlob{ID: one.ID, Description: "test"},
		}
		if err := store.AddVulnerabilities(found); err != nil {
			return err
		}
		affected := &db.AffectedPackageHandle{
			VulnerabilityID: found.ID, Vulnerability: found,
			Package:   &db.Package{Ecosystem: one.Ecosystem, Name: one.Name},
			BlobValue: &db.PackageBlob{Ranges: []db.Range{{Version: db.Version{Type: one.Version, Constraint: one.Constraint}}}},
		}
		if one.Distro != nil {
			affected.OperatingSystem = &db.OperatingSystem{Name: one.Distro.ID, MajorVersion: one.Distro.Major, Codename: one.Distro.Codename}
		}
		if err := store.AddAffectedPackages(affected); err != nil {
			return err
		}
	}
	if err := store.SetDBMetadata(); err != nil {
		return err
	}
	facts := `{"digest":"xxh64:0000000000000000","source":"test","client_version":"v6.1.9"}`
	return errors.Join(store.Close(), os.WriteFile(filepath.Join(folder, "import.json"), []byte(facts), 0o644))
}
