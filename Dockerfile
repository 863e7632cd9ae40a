# Builds and packs WebSmtp: docker build -t websmtp .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# Packages are restored in a layer of their own, which only a changed project file makes anew.
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig BannedSymbols.txt ./
COPY src/WebSmtp/WebSmtp.csproj src/WebSmtp/
COPY src/WebSmtp.Smtp/WebSmtp.Smtp.csproj src/WebSmtp.Smtp/
COPY src/WebSmtp.Mta/WebSmtp.Mta.csproj src/WebSmtp.Mta/
COPY src/WebSmtp.Storage/WebSmtp.Storage.csproj src/WebSmtp.Storage/
COPY migrations/WebSmtp.Migrations.Sqlite/WebSmtp.Migrations.Sqlite.csproj migrations/WebSmtp.Migrations.Sqlite/
COPY migrations/WebSmtp.Migrations.PostgreSql/WebSmtp.Migrations.PostgreSql.csproj migrations/WebSmtp.Migrations.PostgreSql/
RUN dotnet restore src/WebSmtp
COPY src/ src/
COPY migrations/ migrations/
COPY wwwroot/ wwwroot/
RUN dotnet publish src/WebSmtp -c Release --no-restore -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
COPY --from=build /app /app
# The base image's own unprivileged user; the volume takes over owner and mode.
RUN install -d -o app -g app -m 700 /data
ENV WEBSMTP_DATA=/data \
    WEBSMTP_URLS=http://0.0.0.0:8025 \
    WEBSMTP_SMTP_ADDRESS=0.0.0.0
VOLUME /data
EXPOSE 8025 2525
USER 1654
WORKDIR /data
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["/app/websmtp", "health"]
ENTRYPOINT ["/app/websmtp"]
