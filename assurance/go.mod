module hybridkem/assurance

go 1.26.0

replace hybridkem => ../
