// This program holds kernels with what must not be in kernels.
package main

func main() {
	var p *[64]byte
	good(p, 0)
	branch(p)
	branchOnArgument(p, 0)
	address(p)
	spilled(p)
	escaped(p)
	flags(p)
	gather(p)
	division(p)
	square(p)
	repeat(p)
	call(p)
	pickVartime(p)
	compressed(p)
}
