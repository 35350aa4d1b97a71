package xwing

import (
	"hybridkem/internal/derand"
	"hybridkem/internal/hybrid"
	"hybridkem/internal/many"
	"hybridkem/kem"
)

// This file implements many.KEM for xwing.

// keyTypes says which types the keys of X-Wing have.
var keyTypes = hybrid.KeyTypes{
	Private: func(dk any) (*hybrid.DecapsulationKey, bool) {
		own, ok := dk.(*DecapsulationKey)
		return own.hybrid(), ok
	},
	Public: func(ek any) (*hybrid.EncapsulationKey, bool) {
		own, ok := ek.(*EncapsulationKey)
		return own.hybrid(), ok
	},
	AsPrivate: func(dk *hybrid.DecapsulationKey) kem.DecapsulationKey { return (*DecapsulationKey)(dk) },
	AsPublic:  func(ek *hybrid.EncapsulationKey) kem.EncapsulationKey { return (*EncapsulationKey)(ek) },
}

func (xwing) Together() bool { return true }

func (xwing) ExpandMany(rows many.Rows[many.KeyPair])  { instance.ExpandRows(rows, &keyTypes) }
func (xwing) ParseMany(rows many.Rows[many.PublicKey]) { instance.ParseRows(rows, &keyTypes) }

func (xwing) EncapsulateMany(rows many.Rows[many.Encapsulation], random derand.Random) {
	instance.EncapsulateRows(rows, random, &keyTypes)
}

func (xwing) DecapsulateMany(rows many.Rows[many.Decapsulation]) {
	instance.DecapsulateRows(rows, &keyTypes)
}
