using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Storage.Configurations;

sealed class SmartHostConfiguration : IEntityTypeConfiguration<SmartHost>
{
    public void Configure(EntityTypeBuilder<SmartHost> builder)
    {
        builder.ToTable("SmartHosts");
        builder.Property(h => h.Name).HasMaxLength(256);
        builder.HasNameWithoutCase();
        builder.Property(h => h.Target).StoredAsJson();
        builder.Property(h => h.Limits).StoredAsJson();
        builder.Property(h => h.Version).IsConcurrencyToken();
    }
}

sealed class RouteUsageConfiguration : IEntityTypeConfiguration<RouteUsage>
{
    public void Configure(EntityTypeBuilder<RouteUsage> builder)
    {
        builder.ToTable("RouteUsage");
        builder.HasKey(u => new { u.Route, u.Day });
        builder.Property(u => u.Route).HasMaxLength(320);
    }
}
