package dev.tfedge.arm64
