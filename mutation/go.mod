module hybridkem/mutation

go 1.26
