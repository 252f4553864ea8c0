# A static program in an empty image, for a user who isn't root.
#
#   docker build -t rudderklaviyo .
#   docker run -p 8080:8080 -v events:/var/lib/rudderklaviyo -v ./config:/etc/rudderklaviyo:ro rudderklaviyo
#
# The folder config has accounts.yaml and what that names. The page, the metrics and the dead letters
# stay inside unless --admin and --admin-token-file are given.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/rudderklaviyo ./cmd/rudderklaviyo \
	&& mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/rudderklaviyo /usr/bin/rudderklaviyo
# The volume takes over whose folder it is.
COPY --from=build --chown=65532:65532 --chmod=700 /out/data /var/lib/rudderklaviyo
USER 65532:65532
ENV STATE_DIRECTORY=/var/lib/rudderklaviyo
VOLUME /var/lib/rudderklaviyo
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["/usr/bin/rudderklaviyo", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/rudderklaviyo"]
CMD ["serve", "--config=/etc/rudderklaviyo/accounts.yaml", "--listen=:8080"]
